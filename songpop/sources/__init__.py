"""Where songpop's data comes from: files, Kaggle, Spotify and the synthetic sample; network and files only."""
