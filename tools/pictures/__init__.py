"""The pictures of docs/pictures: drawn from the tree, never by hand."""
