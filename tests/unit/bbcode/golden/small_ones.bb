[timestamp=1768478400 format=d.m.Y] [timestamp=x] [rating=5] [like][dislike]
