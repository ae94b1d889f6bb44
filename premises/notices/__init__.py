"""How alerts reach people and how answers come back: channels, their settings, the threads that send."""
