"""Accounts, roles and scopes: who may do what where, and who is signed in."""
