"""The addresses of the desk."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.start, name="start"),
    path("conversations/<uuid:conversation_id>", views.page, name="conversation"),
    path("conversations/<uuid:conversation_id>/messages", views.messages, name="messages"),
    path("health", views.health, name="health"),
]
