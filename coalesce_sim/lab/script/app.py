"""The script that Streamlit plays for each page, anew whenever somebody touches something."""

from coalesce_sim.lab.front import show

if __name__ == "__main__":
    show()
