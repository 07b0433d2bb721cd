a*b_c `d` # не тег <b>&amp; 1. [x](y)
