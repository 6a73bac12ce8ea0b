"""The service provider's GraphQL: one file of resolvers for each thing that wallets ask for."""
