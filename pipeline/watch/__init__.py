"""Whether flagpost itself is well: what operators are paged about."""
