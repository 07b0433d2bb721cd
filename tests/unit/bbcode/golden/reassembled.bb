[[b]b]x[/b] [/[i][/i]user]
