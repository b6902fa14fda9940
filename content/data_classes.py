"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
asset.name                 none      plain   thing  publish
asset.alt                  none      plain   thing  publish
asset.sha256               none      hashed  thing  publish
asset.colour               none      plain   thing  publish
asset.added_by             internal  plain   thing  account
rendition.name             none      plain   thing  publish
rendition.format           none      plain   thing  publish
rendition.sha256           none      hashed  thing  publish
item.author_name           internal  plain   thing  account
item.title                 none      plain   thing  publish
item.summary               none      plain   thing  publish
item.body                  none      plain   thing  publish
liveitem.sha256            none      hashed  thing  approve
liveitem.title             none      plain   thing  publish
liveitem.summary           none      plain   thing  publish
liveitem.body              none      plain   thing  publish
liveitem.picture           none      plain   thing  publish
placement.author_name      internal  plain   thing  account
liveplacement.sha256       none      hashed  thing  approve
folder.name                none      plain   thing  publish
asset.text                 none      plain   thing  publish
asset.details              none      plain   thing  publish
asset.tags                 none      plain   thing  publish
asset.findable             none      plain   thing  publish
asset.rights_note          internal  plain   thing  account
renderwork.why             internal  plain   days   run
use.sha256                 none      hashed  thing  publish
""")
