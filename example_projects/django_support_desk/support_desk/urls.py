"""The addresses of the project."""

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

# With DEBUG, the style sheet and the script come from here under every server; in production, from the proxy.
urlpatterns = [path("", include("desk.urls")), *staticfiles_urlpatterns()]
