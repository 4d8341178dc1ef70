"""Faults, tried for real: processes killed, disks full, files damaged while the installed command runs."""
