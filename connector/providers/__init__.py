"""One folder per provider, each with a ``PROVIDER`` manifest; ``connector.registry`` finds them.

The modules beside the folders are what adapters share: :mod:`payload` reads JSON bodies at the edge,
:mod:`transport` turns network failures into verdicts. Folders never import one another.
"""
