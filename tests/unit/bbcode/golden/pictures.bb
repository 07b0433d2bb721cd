[img size=medium]https://shop.example/a.png [/img] [icon=https://x.example/s.png size=20 title=Улыбка height=20] [img]/upload/x.png[/img]
