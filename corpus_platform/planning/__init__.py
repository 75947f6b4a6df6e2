"""What whole crawls take: rates that were measured here, figures of Common Crawl, and the arithmetic between them."""
