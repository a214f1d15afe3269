"""Ansible's door to the rooms: an inventory plugin and actions, each of which calls one function."""
