"""Who may see the console, and who may act: tokens, a proxy's word, a browser's session."""
