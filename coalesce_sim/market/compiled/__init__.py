"""The compiled core: plays what it covers (`coverage`) as the SimPy core does, to the last bit.

It takes the same pool, tasks and luck, fills the same records and tells the same observer; only the loop
between is another. A kernel plays a block of tasks in one call (`published_kernel`), a small class lays its
arrays out and hands blocks over (`published`). `draws` is `coalesce_sim.luck` compiled, `building` compiles
and keeps.
"""
