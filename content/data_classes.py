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
placement.stages           none      plain   thing  publish
liveplacement.stages       none      plain   thing  publish
stir.kind                  none      plain   days   run
stir.customer_id           internal  plain   days   run
item.product_code          none      plain   thing  publish
item.disclosure            none      plain   thing  publish
item.link                  none      plain   thing  publish
item.blocks                none      plain   thing  publish
liveitem.product_code      none      plain   thing  publish
liveitem.disclosure        none      plain   thing  publish
liveitem.link              none      plain   thing  publish
liveitem.blocks            none      plain   thing  publish
liveitem.category          none      plain   thing  publish
category.code              none      plain   thing  publish
category.name              none      plain   thing  publish
category.name_en           none      plain   thing  publish
editing.person_name        internal  plain   thing  account
recall.title               none      plain   thing  publish
recall.reason              internal  plain   thing  account
recall.person_name         internal  plain   thing  account
recall.did                 none      plain   thing  account
sighting.customer_id       internal  plain   thing  account
folder.name                none      plain   thing  publish
asset.text                 none      plain   thing  publish
asset.details              none      plain   thing  publish
asset.tags                 none      plain   thing  publish
asset.findable             none      plain   thing  publish
asset.rights_note          internal  plain   thing  account
renderwork.why             internal  plain   days   run
use.sha256                 none      hashed  thing  publish
placement.branch_ids       none      plain   thing  publish
placement.tag_ids          none      plain   thing  publish
liveplacement.branch_ids   none      plain   thing  publish
liveplacement.tag_ids      none      plain   thing  publish
""")
