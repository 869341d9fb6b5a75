"""KPIs told to people: in words, in Japanese and English, and as a page of the documentation."""
