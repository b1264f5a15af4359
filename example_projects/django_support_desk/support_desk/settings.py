"""The settings. Without `DJANGO_SECRET_KEY` they are those of a developer's machine."""

from __future__ import annotations

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# Who forgets the secret key on a server gets no answer: with DEBUG, Django serves this machine alone.
DEBUG = "DJANGO_SECRET_KEY" not in os.environ
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only-for-development")
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "").split()
# A proxy takes the TLS off, so that what the browser calls its origin is not what arrives here.
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
CSRF_COOKIE_SECURE = not DEBUG

INSTALLED_APPS = [
    "desk",  # before staticfiles, because it has a runserver of its own
    "django.contrib.staticfiles",
    "together_di_django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "support_desk.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJANGO_DATABASE", BASE_DIR / "db.sqlite3"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
USE_TZ = True

# The key comes from TOGETHER_API_KEY. While a developer has none, the emulator in this process answers.
TOGETHER = {"TRANSPORT": "embedded"} if DEBUG and "TOGETHER_API_KEY" not in os.environ else {}

DOCUMENTS = BASE_DIR / "documents"
CHAT_MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
EMBEDDING_MODEL = "intfloat/multilingual-e5-large-instruct"
RERANK_MODEL = "mixedbread-ai/Mxbai-Rerank-Large-V2"
