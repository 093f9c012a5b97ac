"""What ../compose.yaml mounts and runs: settings of the servers, what makes the secrets, and who may do what."""
