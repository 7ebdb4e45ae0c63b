"""Grading a class: what students hand in becomes marks, feedback and a report.

    submissions   what lies in a folder or an archive, and whose it is
    notebooks     a notebook against the released one: matched by exercise, put right
    wire          plain data between two processes
    student       the process in which a student's cells run
    borrowing     what an answer calls of the course's own library
    standins      an answer that lives in the student's process, as the examiner sees it
    results       what is known about a submission in the end, and how it is kept
    reports       feedback for a student, tables and a page for the instructor

The examiner and the student's code never share a process: an answer is called with plain data,
and what it gives back is plain data (`wire`).
"""
