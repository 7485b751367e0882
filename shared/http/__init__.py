"""The shell around every service: its process, its health, its guard and the shape of its HTTP answers."""
