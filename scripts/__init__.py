"""What the Makefile runs to build environments and generated pages."""
