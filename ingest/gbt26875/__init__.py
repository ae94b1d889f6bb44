"""GB/T 26875.3 over TCP: the line from a building's user information transmission device (用户信息传输装置)."""
