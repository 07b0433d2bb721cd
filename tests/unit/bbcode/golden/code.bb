[code]if a[0] < b:
    [b]x[/b] >>y[/code]
