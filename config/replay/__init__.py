"""Real records played through the services, to see what the rules make of them."""
