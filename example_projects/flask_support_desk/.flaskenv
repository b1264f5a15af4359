# What `flask run` sets on your own machine; other servers do not read this file, and need a key.
FLASK_APP=support_desk
TOGETHER_TRANSPORT=embedded
