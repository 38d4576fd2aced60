"""Many markets from one file: designs, a store that loses nothing, engines that play them, and what came out.

Data flows ``specification ─▶ plan (factors, design) ─▶ execution ─▶ store ─▶ results``; an engine only turns
chunks of runs into rows.
"""
