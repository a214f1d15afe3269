"""The helpdesk's room: log lines of every hop become logins, and logins get a cause."""
