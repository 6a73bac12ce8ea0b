"""A local Spark network on loopback that the real SDK makes real payments on, offline."""
