"""Changes the world: onboarding spec -> plan -> apply."""
