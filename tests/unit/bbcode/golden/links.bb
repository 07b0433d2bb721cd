[url]https://shop.example/a[/url] [url=https://shop.example/b]тут[/url] [URL="https://shop.example/c"]c[/URL] [url=/company/personal/user/5/]Иван[/url] [url=javascript:alert(1)]жми[/url]
