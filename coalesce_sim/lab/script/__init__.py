"""What Streamlit plays, apart: beside a folder `pages` it would take the modules there for its own pages."""
