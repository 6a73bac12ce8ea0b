"""A plan on Kubernetes: one indexed Job with a pod for each cell, made, followed and removed through the API."""
