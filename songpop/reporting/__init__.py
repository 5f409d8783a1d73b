"""Reports on the nights: status, the morning report, notifications, the doctor."""
