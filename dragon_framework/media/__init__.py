"""What several media plugins share; the extra `dragon-framework[media]` brings what it stands on."""
