"""From lines to logins: events, the attempts of one device, attempts that meet, and what a login says."""
