"""What an installation is made of besides the program: the broker's access lists, secrets, certificates, the bundle."""
