"""What there is in the world: sources of text with their terms, and corpora that models were pretrained on. Two YAML files and who reads them."""
