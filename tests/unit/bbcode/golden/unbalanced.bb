[b]раз [i]два[/b] три[/i] [/u][url=https://a.example/x]хвост
