"""The film language SXML and its renderer: parse → validate → solve durations → scene → frames → sound → file.

Each step is a module that can be read alone. Stands on OpenCV, PyAV and NumPy in the steps
that draw and encode; import it inside a task's function alone.
"""
