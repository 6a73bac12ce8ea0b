"""What answers on the wire: gRPC, GraphQL, Esplora."""
