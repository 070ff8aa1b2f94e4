"""What many open pages cost a real server, told beside the plain way of doing the same."""
