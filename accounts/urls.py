"""Pages around signing in, below `/client-portal`."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("client-portal/login", views.login, name="login"),
    path("client-portal/logout", views.logout, name="logout"),
    path("client-portal/forgot-password", views.forgotten, name="forgotten"),
    path("client-portal/set-password/<str:token>", views.set_password, name="set_password"),
]
