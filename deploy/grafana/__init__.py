"""What an operator sees: the dashboard, and how Grafana finds it."""
