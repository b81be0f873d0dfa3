"""`vimeo_client.py URL TOKEN FILM`: uploads as PyVimeo's own pages show; prints what it returns."""

import sys

import vimeo

url, token, film = sys.argv[1:]
vimeo.VimeoClient.API_ROOT = url
client = vimeo.VimeoClient(token=token)
print(client.upload(film, data={"name": "A", "description": "B", "chunk_size": 300_000}))
